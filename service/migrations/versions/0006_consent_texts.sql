-- The first version of each consent. A new version comes with a migration of its own.

INSERT INTO consent_texts (purpose, version, language, title, text, text_hash, requires_new, in_force_from)
SELECT purpose, 1, language, title, text, encode(sha256(convert_to(text, 'UTF8')), 'hex'), true, '2026-01-01T00:00:00Z'
FROM (VALUES
('booking', 'ru', 'Согласие на обработку персональных данных для записи к врачу',
$text$Я даю согласие на обработку персональных данных — своих или того, чьим законным представителем я являюсь либо кто поручил мне действовать за него, — чтобы записаться к врачу.

Кто обрабатывает: региональный центр, который ведёт запись в моём регионе, и медицинская организация, в которую я записываюсь.
Какие данные: фамилия, имя, отчество, дата рождения, пол, СНИЛС и номер полиса, если я их указываю, номер направления, адрес при вызове на дом, сведения о записи: врач, специальность, место, время. Сведения об обращении к врачу относятся к состоянию здоровья.
Что с ними делают: собирают, записывают, хранят, уточняют, передают названной медицинской организации, обезличивают для статистики, удаляют.
Срок: до отзыва согласия или до удаления человека из списка.
Как отозвать: в этом же приложении в любое время. После отзыва новые записи невозможны, а те, которые ещё можно отменить, отменяются. Медицинская организация хранит документы об оказанной помощи столько, сколько велит закон.$text$),
('booking', 'en', 'Consent to the processing of personal data for booking a doctor',
$text$I consent to the processing of personal data — my own, or of the person whose legal representative I am or who has asked me to act for them — to book a doctor.

Who processes: the regional centre that runs booking in my region, and the medical organisation that I book with.
Which data: names, birth date, sex, the insurance number (SNILS) and policy number where I give them, the number of a referral, the address of a visit at home, and the booking: doctor, specialty, place, time. That somebody sees a doctor is data on health.
What is done with them: collecting, recording, storing, correcting, passing on to that medical organisation, making anonymous for statistics, deleting.
For how long: until the consent is withdrawn, or the person is deleted from the list.
How to withdraw: in this application, at any time. Then nothing new can be booked, and what can still be cancelled is cancelled. The medical organisation keeps its records of care for as long as the law says.$text$),
('enrolment', 'ru', 'Согласие на обработку персональных данных для записи в кружок',
$text$Я даю согласие на обработку персональных данных — своих или того, чьим законным представителем я являюсь либо кто поручил мне действовать за него, — чтобы подать заявление в кружок или секцию.

Кто обрабатывает: региональный центр, который ведёт запись в моём регионе, организация, в которую подано заявление, и оператор регионального реестра дополнительного образования.
Какие данные: фамилия, имя, отчество, дата рождения, пол, СНИЛС, если я его указываю, заявления и решения по ним, льготы, сертификат, документы, которые я прикладываю, посещение занятий.
Что с ними делают: собирают, записывают, хранят, уточняют, передают названной организации и в реестр, обезличивают для статистики, удаляют.
Срок: до отзыва согласия или до удаления человека из списка.
Как отозвать: в этом же приложении в любое время. После отзыва новые заявления невозможны, а заявления, по которым ребёнок ещё не зачислен, отзываются. Зачисленный ребёнок остаётся зачисленным по договору, пока его не отчислят.$text$),
('enrolment', 'en', 'Consent to the processing of personal data for enrolment in a club',
$text$I consent to the processing of personal data — my own, or of the person whose legal representative I am or who has asked me to act for them — to apply to a club or section.

Who processes: the regional centre that runs enrolment in my region, the organisation that is applied to, and the operator of the regional registry of additional education.
Which data: names, birth date, sex, the insurance number (SNILS) where I give it, applications and what was decided on them, benefits, the certificate, documents that I upload, attendance.
What is done with them: collecting, recording, storing, correcting, passing on to that organisation and to the registry, making anonymous for statistics, deleting.
For how long: until the consent is withdrawn, or the person is deleted from the list.
How to withdraw: in this application, at any time. Then nothing new can be applied for, and applications by which the child is not enrolled yet are withdrawn. A child who is enrolled stays so under the contract until they leave.$text$),
('messages', 'ru', 'Согласие на получение уведомлений',
$text$Я даю согласие на то, чтобы региональный центр присылал мне уведомления о записях и заявлениях — своих или того, чьим законным представителем я являюсь либо кто поручил мне действовать за него, — через платформу, в которой открыто это приложение.

Какие данные: мой номер пользователя на этой платформе, сведения о том, что запись или заявление изменились. Врача, специальность и имя человека уведомления не называют.
Что с ними делают: хранят и передают платформе, чтобы она доставила уведомление.
Срок: до отзыва согласия.
Как отозвать: в этом же приложении в любое время. После отзыва уведомления не приходят, записи и заявления остаются.$text$),
('messages', 'en', 'Consent to notifications',
$text$I consent to the regional centre sending me notifications of bookings and applications — my own, or of the person whose legal representative I am or who has asked me to act for them — by the platform in which this application is opened.

Which data: my user number on that platform, and that a booking or an application has changed. Notifications name neither doctor nor specialty nor person.
What is done with them: storing, and passing on to the platform for it to deliver the notification.
For how long: until the consent is withdrawn.
How to withdraw: in this application, at any time. Then no notifications come; bookings and applications stay.$text$)
) AS given (purpose, language, title, text);
