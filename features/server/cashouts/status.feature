@server @cashouts
Feature: A cashout moves from status to status

  @CASH-STAT-01 @must
  Rule: what has left, ended or been cancelled is not cancelled

    Scenario Outline: a cashout that is <status> is not cancelled, in the <place>
      Given calls to the <place>
      And a cashout that is <status>
      When it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status                  | place       |
        | every status that stays | every place |

    @full
    Scenario Outline: a cashout that was held once and is <status> is not cancelled
      Given a cashout that is held, let go on and then <status>
      When it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status                  |
        | every status that stays |

    @full
    Scenario Outline: a cashout that was <before> and is <status> is not cancelled
      Given a cashout that is <before> and then <status>
      When it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | before             | status                  |
        | every event before | every status that stays |

    @full
    Scenario Outline: a cashout that is <status> and then <after> is not cancelled
      Given a cashout that is <status> and then <after>
      When it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status                           | after         |
        | every status that stays          | asked for     |
        | every status that takes its id   | requested again |

    @full
    Scenario Outline: a cashout that is <status> is not cancelled with <ids> of a pending one
      Given a cashout that is <status>
      When it is asked to be cancelled, by <ids> of a pending one
      Then the status of the first cashout is still <status>

      Examples:
        | status                  | ids                                   |
        | every status that stays | its cashout id with the external id   |
        | every status that stays | its external id with the cashout id   |

    Scenario Outline: a cashout that is <status> is asked to <change> and to be cancelled at once
      Given a cashout that is <status>
      When it is asked to <change> and to be cancelled at once
      Then it is cancelled where the cancel was accepted

      Examples:
        | status  | change  |
        | pending | be held |
        | on hold | go on   |

    Scenario: a pending cashout that is cancelled 10 times at once
      Given a cashout that is pending
      When it is asked 10 times at once to be cancelled
      Then at most 1 of them was accepted
      And the status of the first cashout is now cancelled

    @last @alone @full
    Scenario Outline: the first cashout that is <status> of the run is not cancelled when it is <moment>
      Given the first cashout that is <status> of the run
      When it is <moment>
      And it is asked to be cancelled
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status                   | moment       |
        | every status that is kept | every moment |

    Scenario: a cashout that is pending is cancelled
      Given a cashout that is pending
      When it is asked to be cancelled
      Then it was accepted
      And the status of the first cashout is now cancelled

    @observed
    Scenario: a cashout that is on hold is cancelled
      Given a cashout that is on hold
      When it is asked to be cancelled
      Then whether it was accepted is reported as AMB-42

  @CASH-STAT-02 @must
  Rule: only a pending cashout is held, and only a held one is let go on

    Scenario: a pending cashout is held and let go on
      Given a cashout that is pending
      When it is asked to be held
      Then it was accepted
      And the status of the first cashout is now on hold
      When it is asked to go on
      Then it was accepted
      And the status of the first cashout is now pending

    Scenario Outline: a cashout that is <status> is not asked to <change>, in the <place>
      Given calls to the <place>
      And a cashout that is <status>
      When it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | status                  | change  | place       |
        | every status that stays | be held | every place |
        | every status that stays | go on   | every place |

    @full
    Scenario Outline: a cashout that was held once and is <status> is not asked to <change>
      Given a cashout that is held, let go on and then <status>
      When it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | status                  | change  |
        | every status that stays | be held |
        | every status that stays | go on   |

    @full
    Scenario Outline: a cashout that was <before> and is <status> is not asked to <change>
      Given a cashout that is <before> and then <status>
      When it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | before             | status                  | change  |
        | every event before | every status that stays | be held |
        | every event before | every status that stays | go on   |

    @full
    Scenario Outline: a cashout that is <status> and then <after> is not asked to <change>
      Given a cashout that is <status> and then <after>
      When it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | status                         | after           | change  |
        | every status that stays        | asked for       | be held |
        | every status that stays        | asked for       | go on   |
        | every status that takes its id | requested again | be held |
        | every status that takes its id | requested again | go on   |

    @full
    Scenario Outline: a cashout that is <status> does not become <word> by an update
      Given a cashout that is <status>
      When it is asked to become <word>
      Then it was refused
      And the status of the first cashout is still <status>

      Examples:
        | status  | word                             |
        | pending | every status that no update sets |
        | on hold | every status that no update sets |

    @last @alone @full
    Scenario Outline: the first cashout that is <status> of the run is not asked to <change> when it is <moment>
      Given the first cashout that is <status> of the run
      When it is <moment>
      And it is asked to <change>
      Then it was refused because of its status
      And the status of the first cashout is still <status>

      Examples:
        | status                    | change  | moment       |
        | every status that is kept | be held | every moment |
        | every status that is kept | go on   | every moment |
